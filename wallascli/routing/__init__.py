"""Choosing who answers, and keeping the answer going."""
