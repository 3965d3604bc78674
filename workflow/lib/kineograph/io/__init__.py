"""Files: reading and writing the formats between stages and of the tools around us."""
