"""The JSON shapes of the API, as JSON Schema; fields may be added to them, never changed."""

from typing import Any

from portal import language
from portal.definition import asks
from portal.readings import figures, held, lists

Schema = dict[str, Any]

_text: Schema = {"type": "string"}
_number: Schema = {"type": "integer"}
_moment: Schema = {"type": "string", "format": "date-time"}
_day: Schema = {"type": "string", "format": "date"}
_free: Schema = {"type": "object", "additionalProperties": True}


def _maybe(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _object(required: str = "", **properties: Schema) -> Schema:
    """An object with these properties; ``required`` names some of them, or ``*`` for all."""
    names = list(properties) if required == "*" else required.split()
    return {"type": "object", "properties": properties, "required": names}


def _list(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _page(of: str, following: Schema) -> Schema:
    return _object("*", items=_list(_ref(of)), next=_maybe(following))


_person = _object(email=_maybe(_text), name=_maybe(_text))
_named = _object("email", email=_text, name=_text)
_owner: Schema = {"anyOf": [_text, _object("team", team=_text), {"type": "null"}]}
_assignee = _object("*", kind=_text, email=_maybe(_text), name=_maybe(_text))
_ground: Schema = {"enum": [*held.ASKED_FOR]}
_would_erase = _object(
    "*",
    possible={"type": "boolean"},
    why_not=_maybe(_text),
    goes={"type": "object", "additionalProperties": _number},
)

SCHEMAS: dict[str, Schema] = {
    "Problem": _object(
        "type title detail status",
        type=_text,
        title=_text,
        detail=_text,
        status=_number,
        errors=_list(_object("*", at=_text, message=_text)),
    ),
    "Signal": _object(data={}) | {"additionalProperties": True},
    "SignalTaken": _object("*", process=_text, name=_text, taken={"type": "boolean"}),
    "Published": _object(
        "key version",
        key=_text,
        version=_number,
        remarks=_list(_text),
        warnings=_list(_object("*", at=_text, message=_text)),
    ),
    "DefinitionItem": _object(
        "key version name",
        key=_text,
        version=_number,
        name=_text,
        purpose=_maybe(_text),
        owner=_owner,
        digest=_text,
        published_at=_moment,
    ),
    "DefinitionList": _page("DefinitionItem", _text),
    "Definition": {
        "allOf": [
            _ref("DefinitionItem"),
            _object(
                "source",
                versions=_list(_number),
                roles=_free,
                inputs=_list(_free),
                steps=_list(_free),
                source=_text,
            ),
        ]
    },
    "Start": _object(
        "definition",
        definition=_text,
        inputs=_free,
        participants={"type": "object", "additionalProperties": _named},
        reference=_maybe(_text),
    ),
    "ProcessItem": _object(
        "id definition version title state waiting_for started_at",
        id=_text,
        definition=_text,
        version=_number,
        title=_text,
        reference=_maybe(_text),
        state={"enum": ["running", "completed", "cancelled", "rejected"]},
        owner=_owner,
        waiting_for=_list(
            _object(
                "step who since",
                step=_text,
                name=_text,
                who=_maybe(_assignee),
                since=_moment,
                due_at=_maybe(_moment),
                promised_on=_maybe(_day),
                blocked_since=_maybe(_moment),
                task=_maybe(_text),
            )
        ),
        due_at=_maybe(_moment),
        started_at=_moment,
        ended_at=_maybe(_moment),
    ),
    "ProcessList": _page("ProcessItem", _text),
    "Process": {
        "allOf": [
            _ref("ProcessItem"),
            _object(
                "*",
                participants={"type": "object", "additionalProperties": _person},
                inputs=_free,
                values=_free,
                steps=_free,
                exceptions=_list(_text),
                handoffs=_list(_ref("Handoff")),
                added=_list(_free),
            ),
        ]
    },
    "Handoff": _object(
        "*",
        task=_text,
        step=_text,
        name=_maybe(_text),
        number=_number,
        how={"enum": ["opened", "reassigned", "delegated"]},
        by=_maybe(_text),
        **{"from": _maybe(_person)},
        to=_person,
        reason=_maybe(_text),
        offered_at=_moment,
        pick_up_by=_maybe(_moment),
        picked_up_at=_maybe(_moment),
        picked_up_by=_maybe(_text),
        missed_at=_maybe(_moment),
        watched_by=_owner,
        ended_at=_maybe(_moment),
        ended=_maybe({"enum": ["done", "withdrawn", "expired", "handed_on"]}),
        waited_seconds=_number,
        worked_seconds=_maybe(_number),
    ),
    "Exception": _object(
        "id process kind message state opened_at",
        id=_text,
        process=_text,
        step=_maybe(_text),
        task=_maybe(_text),
        kind=_text,
        message=_text,
        state={"enum": ["open", "resolved"]},
        owner=_owner,
        opened_at=_moment,
        resolved_at=_maybe(_moment),
        escalations=_number,
        proposal=_maybe(_free),
    ),
    "ExceptionList": _page("Exception", _text),
    "Resolve": _object(
        "how reason",
        how={"enum": ["retry", "skip", "complete", "edit", "reassign", "return_to", "cancel"]},
        reason=_text,
        values=_free,
        inputs=_free,
        steps=_free,
        to=_named,
        step=_text,
    ),
    "Migrate": _object(
        "version reason",
        version={"type": ["integer", "string"]},
        reason=_text,
        dry_run={"type": "boolean", "default": False},
    ),
    "MigrateMany": _object(
        "version",
        version={"type": ["integer", "string"]},
        reason=_text,
        dry_run={"type": "boolean", "default": False},
        processes=_list(_text),
        after=_text,
    ),
    "MovedOne": _object(
        "*",
        process=_text,
        moved={"type": "boolean"},
        possible={"type": "boolean"},
        refusal=_maybe(_text),
        migration=_maybe(_free),
    ),
    "MovedMany": _page("MovedOne", _text),
    "StepChange": _object("step reason", step=_text, reason=_text, scope=_text),
    "StepAddition": _object(
        "step reason",
        step={
            "anyOf": [_free, _text],
            "description": (
                "One step that a person does, in the language of definitions: an object, or YAML"
                " as text. Its faults stand at LINE: key; an object counts as written out with"
                " each key on a line of its own."
            ),
        },
        before=_text,
        after=_text,
        reason=_text,
    ),
    "StepAdded": _object("step process", step=_text, process=_ref("Process")),
    "Migrated": {"anyOf": [_ref("Process"), _ref("Move")]},
    "Move": _object(
        "*",
        dry_run={"const": True},
        version=_number,
        possible={"type": "boolean"},
        refusals=_list(_text),
        stays=_list(_text),
        new=_list(_text),
        passed=_list(_text),
        restored=_list(_text),
        gone=_list(_text),
        unnamed_roles=_list(_text),
        due={"type": "object", "additionalProperties": _maybe(_moment)},
    ),
    "Forecast": _object(
        "*",
        at=_moment,
        next=_list(
            _object(
                "*",
                at=_moment,
                kind={
                    "enum": [
                        "reminder",
                        "pick_up",
                        "due",
                        "escalation",
                        "timeout",
                        "overdue",
                        "wait",
                        "call",
                        "exception",
                    ]
                },
                step=_maybe(_text),
                task=_maybe(_text),
                name=_text,
                who=_maybe(_text),
                then=_maybe(_text),
                label=_maybe(_text),
                sentence=_text,
            )
        ),
        coming=_list(
            _object(
                "*",
                step=_text,
                name=_text,
                kind=_text,
                who=_list(_text),
                begins_at=_maybe(_moment),
                due_at=_maybe(_moment),
                depends_on=_list(_text),
                items=_number,
                sentence=_text,
            )
        ),
        end=_maybe(
            _object(
                "*",
                earliest_at=_moment,
                expected_at=_maybe(_moment),
                based_on=_list({"enum": ["due", "usual"]}),
                because=_maybe(_object("*", step=_text, why=_text)),
                returns=_list(_text),
                sentence=_text,
            )
        ),
    ),
    "Request": _object(
        "to ask by",
        to=_named,
        ask=_text,
        wanted={"enum": [*asks.REQUESTABLE]},
        by={"type": "string", "format": "date"},
        approver=_named,
        reference=_maybe(_text),
    ),
    "Reason": _object("reason", reason=_text),
    "Named": _named,
    "Comment": _object("text", text=_text),
    "AskForTrail": _object(
        language={"enum": [*language.known()]},
        paper={"enum": ["A4", "Letter"], "default": "A4"},
        files={"type": "boolean", "default": False},
    ),
    "TrailAsked": _object("*", id=_text, url=_text),
    "Task": _object(
        "id process step round name kind state assignee opened_at",
        id=_text,
        process=_text,
        step=_text,
        round=_number,
        name=_text,
        kind=_text,
        state={"enum": ["open", "done", "withdrawn", "expired"]},
        outcome=_maybe(_text),
        assignee=_assignee,
        owner=_owner,
        opened_at=_moment,
        due_at=_maybe(_moment),
        promised_on=_maybe(_day),
        snoozed_on=_maybe(_day),
        blocked_since=_maybe(_moment),
        declined_at=_maybe(_moment),
        pick_up_by=_maybe(_moment),
        picked_up_at=_maybe(_moment),
        done_at=_maybe(_moment),
    ),
    "TaskList": _page("Task", _text),
    "Complete": {
        "description": (
            "A form takes its fields by id (a table as a list of rows, money as"
            " {amount, currency}); an approval {decision, comment, items}; a"
            " signature {signature, agree: true} and may add {drawing: [[[x, y], …], …]},"
            " or {decline: true, comment}; a task"
            " {done: true, note}; an upload comes as multipart. Owner and admin add"
            " {on_behalf: true, reason}."
        ),
        **_free,
    },
    "Reassign": _object("*", to=_named, reason=_text),
    "Delegate": _object(
        "to reason", to=_named, reason=_text, on_behalf={"type": "boolean", "default": False}
    ),
    "Promise": _object(
        "day", day=_day, on_behalf={"type": "boolean", "default": False}, reason=_text
    ),
    "Settle": _object("answer", answer={"enum": ["agree", "refuse"]}, reason=_text),
    "Text": _object("text", text=_text),
    "Ask": _object("*", task=_text, text=_text),
    "Doubt": _object(
        "*",
        id=_text,
        definition=_text,
        version=_number,
        process=_text,
        task=_text,
        step=_text,
        by=_text,
        text=_text,
        at=_moment,
        answer=_maybe(_text),
        answered_by=_maybe(_text),
        settled_at=_maybe(_moment),
    ),
    "DoubtList": _page("Doubt", _text),
    "RuleSight": _object("*", restricted={"type": "boolean"}),
    "GrantSight": _object("*", whom=_text),
    "Sight": _object(
        "*",
        restricted={"type": "boolean"},
        seen_by=_list(
            _object(
                "*", name=_text, email=_maybe(_text), kind=_text, why=_text, grant=_maybe(_text)
            )
        ),
    ),
    "GiveReview": _object("holds", holds={"type": "boolean"}, note=_maybe(_text)),
    "Review": _object(
        "*",
        definition=_text,
        version=_number,
        health=_text,
        why=_text,
        figures=_object("*", **dict.fromkeys(figures.COUNTED, _number)),
        median_seconds=_maybe(_number),
        p90_seconds=_maybe(_number),
        never=_list(_text),
        always=_list(_text),
        review_at=_maybe(_moment),
        said=_list(
            _object(
                "*", at=_moment, by=_text, version=_number, holds={"type": "boolean"}, note=_text
            )
        ),
    ),
    "SettleDoubt": _object("answer", answer=_text),
    "Question": _object(
        "*",
        id=_text,
        process=_text,
        task=_text,
        person=_person,
        waits_on=_maybe({"enum": ["staff", "outside"]}),
        since=_maybe(_moment),
        blocks={"type": "boolean"},
        messages=_list(
            _object(
                "*",
                seq=_number,
                at=_moment,
                **{"from": {"enum": ["outside", "staff"]}},
                name=_text,
                text=_text,
            )
        ),
    ),
    "QuestionList": _page("Question", _text),
    "AskForPack": _object(
        processes=_list(_text),
        definition=_text,
        states=_list({"enum": [*lists.PROCESS_STATES]}),
        since=_day,
        until=_day,
        files={"type": "boolean", "default": True},
        language=_text,
    ),
    "Pack": _object(
        "*",
        id=_text,
        name=_text,
        state={"enum": ["running", "done", "stopped", "failed", "removed"]},
        why=_maybe(_text),
        total=_number,
        through=_number,
        failed=_list(_object("*", process=_text, fault=_text)),
        size=_maybe(_number),
        sha256=_maybe(_text),
        kept_until=_maybe(_moment),
        url=_maybe(_text),
    ),
    "RetentionList": _page("Retention", _text),
    "Retention": _object(
        "*",
        definition=_text,
        name=_text,
        keep=_maybe(_text),
        basis=_maybe(_text),
        by=_maybe({"enum": ["definition", "house"]}),
        before=_maybe(_moment),
        **dict.fromkeys(("ended", "due", "held", "running"), _number),
    ),
    "DueList": _page("Due", _text),
    "Due": _object("*", process=_text, definition=_text, ended_at=_moment, hold=_maybe(_text)),
    "PlaceHold": _object("reason", definition=_text, email=_text, reason=_text),
    "HoldLifted": _object("*", id=_text, lifted={"const": True}),
    "HoldList": _page("Hold", _text),
    "Hold": _object(
        "*",
        id=_text,
        process=_maybe(_text),
        definition=_maybe(_text),
        email=_maybe(_text),
        reason=_maybe(_text),
        placed_by=_maybe(_text),
        placed_at=_moment,
    ),
    "OnePerson": _object("*", email=_text),
    "ErasePerson": _object(
        "email basis confirm", email=_text, basis=_ground, reference=_text, confirm=_text
    ),
    "EraseProcess": _object(
        "basis confirm", basis=_ground, reference=_text, confirm={"const": "erase"}
    ),
    "WouldErase": _would_erase,
    "HeldOfPerson": _object(
        "*",
        processes=_list(
            _object(
                "*",
                process=_text,
                title=_text,
                state=_text,
                roles=_list(_text),
                started_at=_moment,
                ended_at=_maybe(_moment),
                erasing=_ref("WouldErase"),
            )
        ),
        hold=_maybe(_text),
        has_account={"type": "boolean"},
        erased=_list(_object("*", erasure=_text, basis=_text, asked_at=_moment)),
    ),
    "ErasureList": _page("Erasure", _text),
    "Erasure": _object(
        "*",
        id=_text,
        kind={"enum": ["process", "person"]},
        basis=_text,
        reference=_maybe(_text),
        asked_by=_maybe(_text),
        asked_at=_moment,
        ended_at=_maybe(_moment),
        **dict.fromkeys(("total", "done", "running", "held"), _number),
    ),
    "Link": _object("*", url=_text, expires_at=_moment),
    "Event": _object(
        "id process seq at type actor data hash",
        id=_number,
        process=_text,
        seq=_number,
        at=_moment,
        type=_text,
        actor=_object("kind id", kind=_text, id=_text, name=_maybe(_text), auth=_text, via=_text),
        via=_text,
        step=_text,
        task=_text,
        data=_free,
        hash=_text,
    ),
    "EventList": _page("Event", _number),
}
