"""The page on which scene points are clicked: one file that needs neither server nor network."""
