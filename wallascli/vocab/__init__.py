"""The words every other layer speaks: frozen values, standard library only."""
