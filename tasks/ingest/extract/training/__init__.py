"""How the block model was trained."""
