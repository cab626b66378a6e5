"""WallasAPI: one endpoint and one command in front of every model a person can reach."""

__version__ = "0.1.0"
