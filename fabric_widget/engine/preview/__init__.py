"""Small pictures of unfinished latents.

previewer           previews of a run, whatever form its latents have
decoders            latents to pictures: by a linear map, or by the autoencoder
predicted_original  the latents that a run is heading for
"""
