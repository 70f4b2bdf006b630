"""A definition as BPMN 2.0 (OMG formal/2011-01-03), with the places of its shapes.

Other tools read, show and edit it. What BPMN has no word for, such as reminders, stands in the
documentation of its element.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from xml.etree import ElementTree as Xml

from portal.definition import charting
from portal.definition.chart import ENDS, LABEL, Chart, Flow, Node
from portal.definition.durations import Duration
from portal.definition.notes import NO_SIGNS
from portal.definition.tree import (
    CallStep,
    Definition,
    DueAt,
    EachStep,
    MessageStep,
    ParallelStep,
    PersonStep,
    RunStep,
    SetStep,
    Step,
    TaskStep,
    WaitStep,
)

_BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
_DI = "http://www.omg.org/spec/BPMN/20100524/DI"
_DC = "http://www.omg.org/spec/DD/20100524/DC"
_LINE = "http://www.omg.org/spec/DD/20100524/DI"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_CEL = "https://cel.dev"
_SPANS = "urn:portal:duration"
# Written out here: a prefix registered with the library is the whole interpreter's, and others
# register their own.
_PREFIXES = {_BPMN: "", _DI: "bpmndi:", _DC: "dc:", _LINE: "di:", _XSI: "xsi:"}


def export(tree: Definition) -> bytes:
    """The document, in UTF-8."""
    drawn = charting.of(tree)
    spaces = {f"xmlns:{prefix}".strip(":"): uri for uri, prefix in _PREFIXES.items()}
    root = Xml.Element(
        _q("definitions"),
        {
            **spaces,
            "id": "definitions",
            "name": tree.name,
            "targetNamespace": f"urn:portal:{tree.key}",
            "expressionLanguage": _CEL,
            "exporter": "Portico",
        },
    )
    messages = _messages(root, tree, drawn)
    _escalations(root, drawn)
    pool = Xml.SubElement(root, _q("collaboration"), {"id": "collaboration"})
    part = {"id": "pool", "name": tree.name, "processRef": _process(tree)}
    Xml.SubElement(pool, _q("participant"), part)
    process = Xml.SubElement(
        root, _q("process"), {"id": _process(tree), "name": tree.name, "isExecutable": "true"}
    )
    if tree.purpose:
        Xml.SubElement(process, _q("documentation")).text = tree.purpose
    _lanes(process, drawn)
    _elements(process, drawn, None, messages)
    _diagram(root, drawn)
    Xml.indent(root)
    document = str(Xml.tostring(root, encoding="unicode"))
    return f"<?xml version='1.0' encoding='utf-8'?>\n{document}\n".translate(NO_SIGNS).encode()


def _q(name: str, space: str = _BPMN) -> str:
    return f"{_PREFIXES[space]}{name}"


def _process(tree: Definition) -> str:
    return f"process_{tree.key}"


def _messages(root: Xml.Element, tree: Definition, drawn: Chart) -> dict[str, str]:
    """A message for each signal, each step that sends one and each reminder, by what names it."""
    named: dict[str, str] = {}
    for step in tree.all_steps():
        if isinstance(step, WaitStep) and step.signal:
            named[step.signal] = step.signal
        elif isinstance(step, MessageStep):
            named[f"step_{step.id}"] = str(step.subject)
    named |= {one.id: one.name for one in drawn.nodes.values() if _reminds(one)}
    for what, name in named.items():
        Xml.SubElement(root, _q("message"), {"id": f"message_{what}", "name": name})
    return {what: f"message_{what}" for what in named}


def _reminds(node: Node) -> bool:
    return node.kind == "told" and node.name == charting.REMIND


def _escalations(root: Xml.Element, drawn: Chart) -> None:
    """One for each way out of a sub-process, and one for each thing that somebody is told."""
    found: dict[str, str] = {}
    for node in drawn.nodes.values():
        if node.kind == "leave":
            found[_escalation_of(node)] = f"{node.name}: {node.id.removeprefix('out_')}"
        elif node.kind == "told" and not _reminds(node):
            found[_escalation_of(node)] = node.name
    for id_, name in found.items():
        about = {"id": id_, "name": name, "escalationCode": id_.removeprefix("escalation_")}
        Xml.SubElement(root, _q("escalation"), about)


def _escalation_of(node: Node) -> str:
    """What is thrown at an end, and caught where it comes out of the sub-process."""
    if node.kind == "told":
        return f"escalation_{re.sub(r'[^a-z0-9]+', '_', node.name.lower())}"
    return f"escalation_{re.sub('^left_', 'out_', node.id)}"


def _lanes(process: Xml.Element, drawn: Chart) -> None:
    lanes = Xml.SubElement(process, _q("laneSet"), {"id": "lanes"})
    for lane in drawn.lanes:
        element = Xml.SubElement(lanes, _q("lane"), {"id": lane.id, "name": lane.name})
        for node in drawn.nodes.values():
            if node.within is None and node.lane == lane.id:
                Xml.SubElement(element, _q("flowNodeRef")).text = node.id


def _elements(
    parent: Xml.Element, drawn: Chart, within: str | None, messages: dict[str, str]
) -> None:
    for node in drawn.nodes.values():
        if node.within == within:
            _element(parent, drawn, node, messages)
    for flow in drawn.flows:
        if drawn.nodes[flow.source].within == within:
            _sequence(parent, flow)


def _sequence(parent: Xml.Element, flow: Flow) -> None:
    about = {"id": flow.id, "sourceRef": flow.source, "targetRef": flow.target}
    if flow.name or flow.condition:
        about["name"] = flow.name or str(flow.condition)
    element = Xml.SubElement(parent, _q("sequenceFlow"), about)
    if flow.condition and not flow.is_default:
        typed = {_q("type", _XSI): "tFormalExpression"}
        Xml.SubElement(element, _q("conditionExpression"), typed).text = flow.condition


def _element(parent: Xml.Element, drawn: Chart, node: Node, messages: dict[str, str]) -> None:
    about = {"id": node.id}
    if node.name:
        about["name"] = node.name
    default = next((f.id for f in drawn.flows if f.source == node.id and f.is_default), None)
    if default and _tag(node) in ("exclusiveGateway", "userTask"):
        about["default"] = default
    if node.kind in ("timer", "left"):
        about["attachedToRef"] = str(node.on)
        about["cancelActivity"] = "false" if node.is_aside else "true"
    element = Xml.SubElement(parent, _q(_tag(node)), about)
    if node.step is not None and node.kind in ("step", "sub"):
        Xml.SubElement(element, _q("documentation")).text = _told(node.step)
    for flow in drawn.flows:
        if flow.target == node.id:
            Xml.SubElement(element, _q("incoming")).text = flow.id
    for flow in drawn.flows:
        if flow.source == node.id:
            Xml.SubElement(element, _q("outgoing")).text = flow.id
    _inside(element, drawn, node, messages)


_TAGS: dict[str, str] = {
    "start": "startEvent", "timer": "boundaryEvent", "left": "boundaryEvent", "sub": "subProcess",
    "gate": "exclusiveGateway", "merge": "exclusiveGateway", **dict.fromkeys(ENDS, "endEvent"),
}  # fmt: skip
_KINDS: dict[type[Step], str] = {
    MessageStep: "sendTask", CallStep: "serviceTask", SetStep: "scriptTask",
    RunStep: "callActivity", TaskStep: "userTask",
}  # fmt: skip


def _tag(node: Node) -> str:
    if node.kind in _TAGS:
        return _TAGS[node.kind]
    step = node.step
    if node.kind in ("split", "join"):
        return "parallelGateway" if isinstance(step, ParallelStep) else "exclusiveGateway"
    if isinstance(step, WaitStep):
        return "receiveTask" if step.timeout is not None else "intermediateCatchEvent"
    return _KINDS.get(type(step), "userTask") if step is not None else "task"


def _inside(element: Xml.Element, drawn: Chart, node: Node, messages: dict[str, str]) -> None:
    """What stands in an element behind its flows, in the order of the schema."""
    step = node.step
    if node.kind in ("rejected", "stopped", "enough"):
        Xml.SubElement(element, _q("terminateEventDefinition"), {"id": f"t_{node.id}"})
    elif _reminds(node):
        about = {"id": f"m_{node.id}", "messageRef": messages[node.id]}
        Xml.SubElement(element, _q("messageEventDefinition"), about)
    elif node.kind in ("leave", "told", "left"):
        ref = {"id": f"e_{node.id}", "escalationRef": _escalation_of(node)}
        Xml.SubElement(element, _q("escalationEventDefinition"), ref)
    elif node.kind == "timer":
        _rings(element, node)
    elif node.kind == "sub":
        if isinstance(step, EachStep):
            _many(element, step)
        _elements(element, drawn, node.id, messages)
    elif node.kind == "step":
        _own(element, node, messages)


def _many(element: Xml.Element, step: EachStep) -> None:
    """Once for each item, side by side, until enough of them are done."""
    many = Xml.SubElement(element, _q("multiInstanceLoopCharacteristics"))
    many.set("isSequential", "false")
    typed = {_q("type", _XSI): "tFormalExpression"}
    cardinality = Xml.SubElement(many, _q("loopCardinality"), typed)
    cardinality.text = f"size({step.items.source})"
    if step.finish != "all":
        enough = Xml.SubElement(many, _q("completionCondition"), typed)
        count = 1 if step.finish == "any" else step.finish
        enough.text = f"numberOfCompletedInstances >= {count}"


def _own(element: Xml.Element, node: Node, messages: dict[str, str]) -> None:
    step = node.step
    if isinstance(step, PersonStep):
        for role in step.assign if isinstance(step.assign, tuple) else ():
            about = {"id": f"{node.id}_{role}", "name": role}
            owner = Xml.SubElement(element, _q("potentialOwner"), about)
            said = Xml.SubElement(owner, _q("resourceAssignmentExpression"))
            Xml.SubElement(said, _q("formalExpression")).text = role
    elif isinstance(step, SetStep):
        element.set("scriptFormat", "application/cel")
        lines = (f"{name} = {expression.source}" for name, expression in step.assignments)
        Xml.SubElement(element, _q("script")).text = "\n".join(lines)
    elif isinstance(step, RunStep):
        element.set("calledElement", f"process_{step.definition}")
    elif isinstance(step, MessageStep):
        element.set("messageRef", messages[node.id])
    elif isinstance(step, WaitStep) and step.signal and step.timeout is not None:
        element.set("messageRef", messages[step.signal])
    elif isinstance(step, WaitStep) and step.signal:
        about = {"id": f"m_{node.id}", "messageRef": messages[step.signal]}
        Xml.SubElement(element, _q("messageEventDefinition"), about)
    elif isinstance(step, WaitStep) and step.span is not None:
        _timer(element, node.id, "timeDuration", *_span((step.span,)))
    elif isinstance(step, WaitStep) and step.until is not None:
        _timer(element, node.id, "timeDate", step.until.source)


def _rings(element: Xml.Element, node: Node) -> None:
    """When a timer at the edge of a step rings: a moment, or a span after the step opened."""
    if node.at is None:
        _timer(element, node.id, "timeDuration", *_span(node.after))
    else:
        later = "".join(f' + duration("{_span((one,))[0]}")' for one in node.after)
        _timer(element, node.id, "timeDate", node.at.source + later)


_UNITS = {"second": "S", "minute": "M", "hour": "H", "day": "D"}


def _span(spans: Sequence[Duration]) -> tuple[str, str | None]:
    """Spans one after the other in ISO 8601, or in words, with the language of those.

    ISO 8601 knows no working days, and what is no span of it must not look like one.
    """
    found: dict[str, Decimal] = {}
    for one in spans:
        if one.unit.startswith("business"):
            return " + ".join(map(str, spans)), _SPANS
        unit, amount = ("day", one.amount * 7) if one.unit == "week" else (one.unit, one.amount)
        found[unit] = found.get(unit, Decimal(0)) + amount
    clock = "".join(f"{found[u]}{_UNITS[u]}" for u in ("hour", "minute", "second") if u in found)
    days = f"{found['day']}D" if "day" in found else ""
    return f"P{days}{'T' if clock else ''}{clock}", None


def _timer(
    element: Xml.Element, id_: str, what: str, text: str, language: str | None = None
) -> None:
    timer = Xml.SubElement(element, _q("timerEventDefinition"), {"id": f"timer_{id_}"})
    about = {_q("type", _XSI): "tFormalExpression"} | ({"language": language} if language else {})
    Xml.SubElement(timer, _q(what), about).text = text


def _told(step: Step) -> str:
    """What BPMN has no element for, in words."""
    told = [f"Why: {step.why}"] if step.why else []
    if step.control:
        told.append("A safeguard: skipping it takes a reason and a second person.")
    if isinstance(step, PersonStep):
        if step.due is not None:
            due = step.due.at.source if isinstance(step.due, DueAt) else step.due
            told.append(f"Due: {due}.")
        told += [f"Reminder: {rung}." for rung in step.remind or ()]
        told += [f"{one.after} after it is due: {one.then} {one.to}." for one in step.escalate]
    elif isinstance(step, CallStep):
        told.append(f"{step.method} {step.url}")
    elif isinstance(step, MessageStep):
        told.append(f"To {', '.join(step.to)}: {step.subject}")
    return "\n".join(told) or f"{step.kind}: {step.name}"


def _diagram(root: Xml.Element, drawn: Chart) -> None:
    diagram = Xml.SubElement(root, _q("BPMNDiagram", _DI), {"id": "diagram"})
    about = {"id": "plane", "bpmnElement": "collaboration"}
    plane = Xml.SubElement(diagram, _q("BPMNPlane", _DI), about)
    _stripe(plane, "pool", 0, 0, drawn.width, drawn.height)
    for lane in drawn.lanes:
        _stripe(plane, lane.id, LABEL, lane.y, drawn.width - LABEL, lane.h)
    for node in drawn.nodes.values():
        shape_of = {"id": f"shape_{node.id}", "bpmnElement": node.id}
        if node.kind == "sub":
            shape_of["isExpanded"] = "true"
        if _tag(node) == "exclusiveGateway":
            shape_of["isMarkerVisible"] = "true"
        shape = Xml.SubElement(plane, _q("BPMNShape", _DI), shape_of)
        _bounds(shape, node.x, node.y, node.w, node.h)
        if node.kind in ("timer", "left") and node.name:
            label = Xml.SubElement(shape, _q("BPMNLabel", _DI))
            _bounds(label, node.middle[0] + 6, node.y + node.h, 60, 28)
    for flow in drawn.flows:
        edge_of = {"id": f"edge_{flow.id}", "bpmnElement": flow.id}
        edge = Xml.SubElement(plane, _q("BPMNEdge", _DI), edge_of)
        for x, y in flow.points:
            Xml.SubElement(edge, _q("waypoint", _LINE), {"x": str(x), "y": str(y)})


def _stripe(plane: Xml.Element, id_: str, x: int, y: int, w: int, h: int) -> None:
    about = {"id": f"shape_{id_}", "bpmnElement": id_, "isHorizontal": "true"}
    _bounds(Xml.SubElement(plane, _q("BPMNShape", _DI), about), x, y, w, h)


def _bounds(shape: Xml.Element, x: int, y: int, w: int, h: int) -> None:
    about = {"x": str(x), "y": str(y), "width": str(w), "height": str(h)}
    Xml.SubElement(shape, _q("Bounds", _DC), about)
