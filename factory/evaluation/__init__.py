"""How good a model is: any endpoint against any questions whose answers are known."""
