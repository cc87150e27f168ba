"""Long work, one job at a time, beside the kernel's own thread.

worker         the queue and its thread; inline where threads do not exist
run            what rounds and lens jobs share: status, stopping, failures
rounds         a round: asked for, made, published
round_request  what a round is made from
lens_jobs      a picture made once more, to see what shaped it
previews       unfinished pictures, not faster than they are shown
eta            time left and pictures per second
"""
