"""The roof: commands and what a person looks at."""
