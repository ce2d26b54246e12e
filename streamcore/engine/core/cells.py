from streamcore.engine.core.reduce import ReduceNode
class CellReduce(ReduceNode): pass
