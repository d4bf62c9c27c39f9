"""Small edits of a solution: operators, the places where they apply, and words for them."""
