"""Furnished rooms: a seed enters, a room, its picture and its exact truth leave."""
