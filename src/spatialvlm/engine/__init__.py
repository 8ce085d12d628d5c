"""Where a recipe runs. The stages know nothing of it; the output does not depend on it.

stages.py           the stages joined: a range of frames -> what one shard holds
local.py            a recipe -> a dataset, shard by shard
asking.py           a dataset -> what its questions were made with
ask.py              stored scenes -> questions in a folder of their own
scene_questions.py  stored scenes -> questions made when they are asked for
workers.py          jobs in this process, or in a few worker processes; resumes
"""
