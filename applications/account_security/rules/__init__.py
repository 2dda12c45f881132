"""The rules that a running process judges by: from files, and from changes on their topic."""
