"""Where a recipe runs. The stages know nothing of it; the output does not depend on it.

stages.py    the stages joined: a range of frames -> what one shard holds
local.py     in this process, or in a few worker processes; resumes
"""
