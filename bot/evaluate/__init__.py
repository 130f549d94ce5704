"""Scores on labelled cases: what `garden eval` measures. Each part is a module that returns its score as data."""
