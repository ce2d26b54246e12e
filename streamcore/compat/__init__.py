"""Source compatibility with other libraries."""
