"""Long work for the worker's thread, one job at a time.

context         what the parts of a widget share: view, session, publisher, worker
turns           wait while another widget uses the pipeline
run             what rounds and lens jobs share: status, stopping, failures
rounds          a round: asked for, made, published
round_request   what a round is made from
baking          the taste of the votes, learnt by a LoRA
subject_jobs    where the subject of a picture is, found ahead of a round
lens_jobs       a picture made once more, to see what shaped it
influence_maps  what it showed, as bytes
previews        unfinished pictures, not faster than they are shown
eta             time left and pictures per second
"""
