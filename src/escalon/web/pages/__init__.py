"""The pages, in one module for each group; `registry` tells how one is added."""
