"""nano: rooms drawn by the thousand -> a vision-language model of a few million weights, trained from nothing.

dense_pictures   views of rooms -> pictures and, for each patch, depth and what is there; stored in a folder
nano_model       sizes -> an Idefics3 model and its processor, by configuration
nano_tokenizer   questions and answers -> a tokenizer whose numbers are single digits
nano_optimizers  a model -> Muon for its matrices and AdamW for the rest; the rate at each step
dense_stage      stage 0: the vision tower learns depth, words and sizes per patch
dense_loss       what stage 0 is taught, and how right it is
single_stage     stage 1: the whole model learns to find single things and to read them
single_scores    what stage 1 is measured by
nano_run         where a stage is: its checkpoint and its log
"""
