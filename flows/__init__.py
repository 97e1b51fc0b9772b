"""Orchestration: the stages joined (`steps`), and Prefect around them (`refresh`, `export`, `schedule`)."""
