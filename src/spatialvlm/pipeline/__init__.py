"""Images in, dataset out. The folders sort in the order the data flows.

collect   source            -> Frame
detect    Frame             -> Instances
lift      Frame + Instances -> Scene
measure   Scene             -> Facts
phrase    Facts             -> QA
write     Scenes + QA       -> dataset on disk

No stage imports another; `engine` joins them.
"""
