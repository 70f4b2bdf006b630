"""A definition as BPMN 2.0 (OMG formal/2011-01-03), with the places of its shapes.

Other tools read, show and edit it. What BPMN has no word for, such as reminders, stands in the
documentation of its element.
"""

from xml.etree import ElementTree as Xml

from portal.definition import chart
from portal.definition.chart import Chart, Flow, Node
from portal.definition.tree import (
    BlockStep,
    CallStep,
    ChooseStep,
    Definition,
    DueAt,
    EachStep,
    MessageStep,
    PersonStep,
    RunStep,
    SetStep,
    Step,
    WaitStep,
)

_BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
_DI = "http://www.omg.org/spec/BPMN/20100524/DI"
_DC = "http://www.omg.org/spec/DD/20100524/DC"
_LINE = "http://www.omg.org/spec/DD/20100524/DI"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_CEL = "https://cel.dev"
# Written out here: a prefix registered with the library is the whole interpreter's, and others
# register their own.
_PREFIXES = {_BPMN: "", _DI: "bpmndi:", _DC: "dc:", _LINE: "di:", _XSI: "xsi:"}


def export(tree: Definition) -> bytes:
    """The document, in UTF-8."""
    drawn = chart.of(tree)
    spaces = {f"xmlns:{prefix}".strip(":"): uri for uri, prefix in _PREFIXES.items()}
    root = Xml.Element(
        _q("definitions"),
        {
            **spaces,
            "id": "definitions",
            "targetNamespace": f"urn:portal:{tree.key}",
            "expressionLanguage": _CEL,
        },
    )
    messages = _messages(root, tree)
    _escalations(root, drawn)
    process = Xml.SubElement(
        root, _q("process"), {"id": _process(tree), "name": tree.name, "isExecutable": "true"}
    )
    if tree.purpose:
        Xml.SubElement(process, _q("documentation")).text = tree.purpose
    _elements(process, drawn, None, messages)
    _diagram(root, tree, drawn)
    Xml.indent(root)
    document: bytes = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _q(name: str, space: str = _BPMN) -> str:
    return f"{_PREFIXES[space]}{name}"


def _process(tree: Definition) -> str:
    return f"process_{tree.key}"


def _messages(root: Xml.Element, tree: Definition) -> dict[str, str]:
    names = dict.fromkeys(
        step.signal for step in tree.all_steps() if isinstance(step, WaitStep) and step.signal
    )
    found = {}
    for name in names:
        found[name] = f"message_{name}"
        Xml.SubElement(root, _q("message"), {"id": found[name], "name": name})
    return found


def _escalations(root: Xml.Element, drawn: Chart) -> None:
    for node in drawn.nodes.values():
        if node.kind == "leave":
            about = {"id": f"escalation_{node.id}", "name": node.name, "escalationCode": node.id}
            Xml.SubElement(root, _q("escalation"), about)


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
    if flow.name:
        about["name"] = flow.name
    element = Xml.SubElement(parent, _q("sequenceFlow"), about)
    if flow.condition and not flow.is_default:
        typed = {_q("type", _XSI): "tFormalExpression"}
        Xml.SubElement(element, _q("conditionExpression"), typed).text = flow.condition


def _element(parent: Xml.Element, drawn: Chart, node: Node, messages: dict[str, str]) -> None:
    about = {"id": node.id}
    if node.name:
        about["name"] = node.name
    default = next((f.id for f in drawn.flows if f.source == node.id and f.is_default), None)
    if default:
        about["default"] = default
    if node.kind in ("timer", "left"):
        about["attachedToRef"] = str(node.on)
    element = Xml.SubElement(parent, _q(_tag(node)), about)
    if node.step is not None and node.kind in ("step", "each"):
        Xml.SubElement(element, _q("documentation")).text = _told(node.step)
    for flow in drawn.flows:
        if flow.target == node.id:
            Xml.SubElement(element, _q("incoming")).text = flow.id
    for flow in drawn.flows:
        if flow.source == node.id:
            Xml.SubElement(element, _q("outgoing")).text = flow.id
    _inside(element, drawn, node, messages)


def _tag(node: Node) -> str:
    fixed = {
        "start": "startEvent", "end": "endEvent", "rejected": "endEvent", "leave": "endEvent",
        "timer": "boundaryEvent", "left": "boundaryEvent", "each": "subProcess",
        "gate": "exclusiveGateway",
    }  # fmt: skip
    if node.kind in fixed:
        return fixed[node.kind]
    step = node.step
    if node.kind in ("split", "join"):
        if not isinstance(step, BlockStep) or isinstance(step, ChooseStep):
            return "exclusiveGateway"
        is_all = getattr(step, "finish", "all") == "all"
        return "parallelGateway" if node.kind == "split" or is_all else "complexGateway"
    kinds: dict[type[Step], str] = {
        MessageStep: "sendTask", CallStep: "serviceTask", SetStep: "scriptTask",
        WaitStep: "intermediateCatchEvent", RunStep: "callActivity",
    }  # fmt: skip
    return kinds.get(type(step), "userTask") if step is not None else "task"


def _inside(element: Xml.Element, drawn: Chart, node: Node, messages: dict[str, str]) -> None:
    """What stands in an element behind its flows, in the order of the schema."""
    step = node.step
    if node.kind == "rejected":
        Xml.SubElement(element, _q("terminateEventDefinition"), {"id": f"t_{node.id}"})
    elif node.kind == "leave":
        _escalation(element, node.id, node.id)
    elif node.kind == "left":
        _escalation(element, node.id, node.id.replace("left_", "out_", 1))
    elif node.kind == "timer" and isinstance(step, PersonStep) and step.on_timeout:
        _timer(element, node.id, "timeDuration", str(step.on_timeout.after))
    elif node.kind == "each" and isinstance(step, EachStep):
        many = Xml.SubElement(element, _q("multiInstanceLoopCharacteristics"))
        many.set("isSequential", "false")
        typed = {_q("type", _XSI): "tFormalExpression"}
        cardinality = Xml.SubElement(many, _q("loopCardinality"), typed)
        cardinality.text = f"size({step.items.source})"
        if step.finish != "all":
            enough = Xml.SubElement(many, _q("completionCondition"), typed)
            enough.text = f"done >= {1 if step.finish == 'any' else step.finish}"
        _elements(element, drawn, node.id, messages)
    elif node.kind == "join" and _tag(node) == "complexGateway":
        typed = {_q("type", _XSI): "tFormalExpression"}
        finish = getattr(step, "finish", "all")
        enough = Xml.SubElement(element, _q("activationCondition"), typed)
        enough.text = f"done >= {1 if finish == 'any' else finish}"
    elif node.kind == "step":
        _own(element, node, messages)


def _own(element: Xml.Element, node: Node, messages: dict[str, str]) -> None:
    step = node.step
    if isinstance(step, PersonStep):
        for role in step.assign if isinstance(step.assign, tuple) else ():
            owner = Xml.SubElement(element, _q("potentialOwner"), {"id": f"{node.id}_{role}"})
            said = Xml.SubElement(owner, _q("resourceAssignmentExpression"))
            Xml.SubElement(said, _q("formalExpression")).text = role
    elif isinstance(step, SetStep):
        element.set("scriptFormat", "application/cel")
        lines = (f"{name} = {expression.source}" for name, expression in step.assignments)
        Xml.SubElement(element, _q("script")).text = "\n".join(lines)
    elif isinstance(step, RunStep):
        element.set("calledElement", f"process_{step.definition}")
    elif isinstance(step, WaitStep) and step.signal:
        about = {"id": f"m_{node.id}", "messageRef": messages[step.signal]}
        Xml.SubElement(element, _q("messageEventDefinition"), about)
    elif isinstance(step, WaitStep) and step.span is not None:
        _timer(element, node.id, "timeDuration", str(step.span))
    elif isinstance(step, WaitStep) and step.until is not None:
        _timer(element, node.id, "timeDate", step.until.source)


def _timer(element: Xml.Element, id_: str, what: str, text: str) -> None:
    timer = Xml.SubElement(element, _q("timerEventDefinition"), {"id": f"timer_{id_}"})
    Xml.SubElement(timer, _q(what), {_q("type", _XSI): "tFormalExpression"}).text = text


def _escalation(element: Xml.Element, id_: str, about: str) -> None:
    ref = {"id": f"e_{id_}", "escalationRef": f"escalation_{about}"}
    Xml.SubElement(element, _q("escalationEventDefinition"), ref)


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


def _diagram(root: Xml.Element, tree: Definition, drawn: Chart) -> None:
    diagram = Xml.SubElement(root, _q("BPMNDiagram", _DI), {"id": "diagram"})
    about = {"id": "plane", "bpmnElement": _process(tree)}
    plane = Xml.SubElement(diagram, _q("BPMNPlane", _DI), about)
    for node in drawn.nodes.values():
        shape_of = {"id": f"shape_{node.id}", "bpmnElement": node.id}
        if node.kind == "each":
            shape_of["isExpanded"] = "true"
        if _tag(node) == "exclusiveGateway":
            shape_of["isMarkerVisible"] = "true"
        shape = Xml.SubElement(plane, _q("BPMNShape", _DI), shape_of)
        is_event = _tag(node) == "intermediateCatchEvent"
        w = h = chart.EVENT if is_event else 0
        bounds = {"x": node.middle[0] - w // 2 if is_event else node.x,
                  "y": node.middle[1] - h // 2 if is_event else node.y,
                  "width": w or node.w, "height": h or node.h}  # fmt: skip
        Xml.SubElement(shape, _q("Bounds", _DC), {key: str(n) for key, n in bounds.items()})
    for flow in drawn.flows:
        edge_of = {"id": f"edge_{flow.id}", "bpmnElement": flow.id}
        edge = Xml.SubElement(plane, _q("BPMNEdge", _DI), edge_of)
        for x, y in flow.points:
            Xml.SubElement(edge, _q("waypoint", _LINE), {"x": str(x), "y": str(y)})
