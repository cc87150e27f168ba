"""The widget in marimo: `marimo edit notebooks/06_marimo.py`."""

import marimo

app = marimo.App(app_title="fabric_widget in marimo")


@app.cell
def _():
    import marimo as mo

    from fabric_widget import FabricWidget

    return FabricWidget, mo


@app.cell
def _(mo):
    mo.md(
        """
        # fabric_widget in marimo

        Like and dislike pictures; the next ones come closer to what you meant. This notebook uses
        the demo model, which ships with the package and runs offline on a CPU. For your own
        pipeline, use `FabricWidget(pipe)`.

        In marimo, cells run again when their inputs change: choose what to start from, press *Next
        round*, vote. The cells below update after every round.
        """
    )


@app.cell
def _(mo):
    kind = mo.ui.dropdown(["monster", "flower", "fish"], value="monster", label="Start from a")
    kind
    return (kind,)


@app.cell
def _(FabricWidget, kind, mo):
    widget = FabricWidget(prompt=f"a {kind.value}", num_images=4, steps=12, auto=False)
    widget.generate().result()  # the first round, so that there is something to vote on
    w = mo.ui.anywidget(widget)
    w
    return w, widget


@app.cell
def _(mo, w, widget):
    # `w.value` is what makes this cell run again: it changes with every round and vote.
    votes = w.value["votes"]
    liked = sum(strength > 0 for strength in votes.values())
    mo.md(
        f"{len(widget.history)} round(s), {liked} liked, {len(votes) - liked} disliked. "
        f"The next round begins at seed {widget.session.next_seed}."
    )


@app.cell
def _(mo, w, widget):
    w.value  # so that this cell follows the widget too
    mo.image(widget.snapshot(), alt="the round as one picture")


@app.cell
def _(mo):
    mo.md(
        """
        ## How strongly votes count

        `Schedule` sets the weight at each step. The sliders change the curve and the numbers.
        """
    )


@app.cell
def _(mo):
    weight = mo.ui.slider(0.0, 2.0, 0.05, value=0.8, label="weight of a like")
    window = mo.ui.range_slider(0.0, 1.0, 0.05, value=[0.0, 0.8], label="steps")
    likes = mo.ui.slider(1, 8, 1, value=4, label="likes")
    mo.vstack([weight, window, likes])
    return likes, weight, window


@app.cell
def _(likes, mo, weight, window):
    from fabric_widget import Schedule

    schedule = Schedule(start=window.value[0], end=window.value[1], max_weight=weight.value)
    STEPS = 20
    curve = "".join("█" if schedule.weight(i, STEPS) else "·" for i in range(STEPS))
    together = weight.value / (1 + weight.value)
    summed = likes.value * weight.value / (1 + likes.value * weight.value)
    mo.md(
        f"""
        `{curve}` of {STEPS} steps

        If all keys match equally well, {likes.value} like(s) receive {together:.0%} of the
        attention together; with the published sum, without normalising, {summed:.0%}.
        """
    )


if __name__ == "__main__":
    app.run()
