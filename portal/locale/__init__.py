"""What is said in other languages than English: a folder for each, as README.md tells."""
