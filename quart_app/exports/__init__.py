"""Files that a report can be had as: a module for each format, which makes the pieces of the file of a Table."""
