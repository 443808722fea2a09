"""How fast barestyle is, measured against a plain rendering of PyTorch's style transfer tutorial."""
