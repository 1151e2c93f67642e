"""How models in use fare: predictions against what came, features against what a model was trained on."""
