"""What outlives the process: files and SQLite, shared by every process of one user.

Nothing here knows who uses it: rows are values, and whoever holds them is told how to merge them.
"""
