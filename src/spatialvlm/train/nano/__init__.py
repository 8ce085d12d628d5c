"""nano: rooms drawn by the thousand -> a vision-language model of a few million weights, trained from nothing.

dense_pictures   views of rooms -> pictures and, for each patch, depth and what is there; stored in a folder
nano_model       sizes -> an Idefics3 model and its processor, by configuration
nano_tokenizer   questions and answers -> a tokenizer whose numbers are single digits
nano_optimizers  a model -> Muon for its matrices and AdamW for the rest; the rate at each step
dense_stage      stage 0: the vision tower learns depth, words and sizes per patch
dense_loss       what stage 0 is taught, and how right it is
language_stage   stages 1 to 3: the whole model learns to find and read single things, then pairs, then all
curriculum       what each of these stages asks
scene_talk       what is talked about beside the kinds of questions: points, lengths before choices, colours
shared_prefix    the model's losses in training, the image computed once for all its questions
answer_scores    how right the model's own answers are
nano_run         where a stage is: its checkpoint and its log
"""
