"""train: datasets and a vision-language model -> the model that learnt space, by supervision or by rewards."""
