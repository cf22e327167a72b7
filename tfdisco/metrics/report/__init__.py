"""All suites of a generator together, in a folder that anyone can make again."""
