"""The process of ten steps as a flow."""

from viewflow import this
from viewflow.workflow import flow
from viewflow.workflow.models import Process


class TenSteps(flow.Flow):
    """A form, an upload, a review that may send back, two votes side by side, a computed value."""

    process_class = Process

    start = flow.StartHandle(this.begin).Next(this.form)
    form = flow.Handle(this.keep).Next(this.upload)
    upload = flow.Handle(this.keep).Next(this.review)
    review = flow.Handle(this.keep).Next(this.is_good)
    is_good = flow.If(lambda act: act.process.data.get("good")).Then(this.board).Else(this.upload)
    board = flow.Split().Next(this.first).Next(this.second)
    first = flow.Handle(this.keep).Next(this.voted)
    second = flow.Handle(this.keep).Next(this.voted)
    voted = flow.Join().Next(this.note)
    note = flow.Function(this.compute).Next(this.thanks)
    thanks = flow.Function(this.compute).Next(this.end)
    end = flow.End()

    def begin(self, activation):
        """Start a process."""
        activation.process.data = {}
        return activation.process

    def keep(self, activation, **answers):
        """Keep what somebody answered."""
        activation.process.data.update(answers)
        activation.process.save()

    def compute(self, activation):
        """Keep what was computed."""
        activation.process.data["result"] = activation.process.data.get("company")
        activation.process.save()
