"""The table of what the routes are: the one place that requests are checked by and descriptions are made from."""

from __future__ import annotations

from typing import Any

from ..domain.passages import Progress
from ..domain.values import RestOfOutput, ScratchFiles, Undone
from ..domain.variants import StreamVariant
from . import answers, requests
from .definition import EXECUTE, WRITE, Definition

_THREAD = "GlUjMKFK1NRZ9sdxg0lYf0wB6vAbnzHs"
_FORK = "q1sPzGm0R7cW3nYd5KxVtB8uLh2JfEaT"
_KERNEL = "4f0c36a5-9d5e-4c0e-8f0b-2f7d3a1c9e11"
_DATE = "2026-11-22T16:49:37.564Z"
_NO_THREAD = {404: "No thread of that id is the caller's."}
_BAD_CATALOGUE = {500: "The model catalogue cannot be read."}
_BUSY = {409: "That thread is answering already."}
_CROWDED = {429: "Too much of the caller's goes on at once."}
_ITEMS = [{"variant": "User", "content": "sum of temps"}, {"variant": "Assistant", "content": "It is 13.75."}]
_ENTRY = {
    "user_id": "alice",
    "thread_id": _THREAD,
    "date": _DATE,
    "topic": "sum of temps",
    "content": [],
    "running": False,
}
_STREAM = [
    {"variant": "ServerHint", "content": {"thread_id": _THREAD, "running": True}},
    {"variant": "Assistant", "content": "It is "},
    {"variant": "Assistant", "content": "13.75."},
    {"variant": "StreamEnd", "content": "Finished."},
]

PING = Definition(
    name="ping", summary="Is the service there?", parameters=requests.Nothing, answer=answers.Alive,
    shows={"status": "ok"}, right=None,
)  # fmt: skip
HELP = Definition(
    name="help",
    summary="Explains the routes.",
    text="An object of all names and texts, or with `endpoint` one text.",
    parameters=requests.Help,
    answer=dict[str, str] | str,
    example={"endpoint": "stop"},
    shows="Ends what a thread is doing.",
    right=None,
)
DOCS = Definition(
    name="docs", summary="Describes the routes as a page.", parameters=requests.Nothing, answer=str,
    shows="<!doctype html>", right=None, media="text/html",
)  # fmt: skip
OPENAPI = Definition(
    name="openapi.json", summary="Describes the routes as an OpenAPI 3.1 document.", parameters=requests.Nothing,
    answer=dict[str, Any], shows={"openapi": "3.1.0"}, right=None,
)  # fmt: skip
HEALTH = Definition(
    name="health",
    summary="Can the models be listed and threads be read?",
    text="Where they cannot, the status of the error says which.",
    parameters=requests.Nothing,
    answer=answers.Health,
    shows={"models": 2, "status": "ok"},
    statuses=_BAD_CATALOGUE,
)
AVAILABLECHATBOTS = Definition(
    name="availablechatbots",
    summary="Lists the models that chat.",
    text="Their names, in the catalogue's order; none when nothing is configured.",
    parameters=requests.Nothing,
    answer=list[str],
    shows=["our-model", "claude"],
    statuses=_BAD_CATALOGUE,
)
SETTINGS = Definition(
    name="settings",
    summary="Tells what the panel needs to know.",
    parameters=requests.Nothing,
    answer=answers.PanelSettings,
    shows={
        "models": [
            {
                "name": "our-model",
                "note": "",
                "vision": False,
                "tools": True,
                "host": "models.example.org",
                "local": False,
                "input_cost": None,
                "output_cost": None,
            }
        ],
        "default": "our-model",
        "advice": "",
        "site": {"policy": "ask-when-risky", "scratch_policy": "run", "variables": "values", "fixed": []},
        "retrieval": {"way": "full text", "model": "", "host": ""},
    },
    statuses=_BAD_CATALOGUE,
)
NEWTHREAD = Definition(
    name="newthread", summary="Makes the id of a new thread, usable at once.", parameters=requests.Nothing, answer=str,
    shows=_THREAD, right=WRITE,
)  # fmt: skip
STREAMRESPONSE = Definition(
    name="streamresponse",
    summary="Answers a question as a stream.",
    text="A thread that nobody has yet becomes the caller's. The answer goes on when the connection is lost. `context` "
    "comes by POST.",
    parameters=requests.Ask,
    answer=list[StreamVariant],
    example={"input": "sum of temps", "thread_id": _THREAD, "kernel_id": _KERNEL},
    shows=_STREAM,
    statuses=_BUSY | _BAD_CATALOGUE | _CROWDED | {404: "The thread is somebody else's."},
    right=EXECUTE,
    changes_state=True,
    in_body=("context",),
    people_only=True,
    media="application/x-ndjson",
)
FOLLOW = Definition(
    name="follow",
    summary="Streams the rest of what a thread is answering.",
    text="Any number of readers may follow. Where nothing runs the stream is the opening hint and StreamEnd.",
    parameters=requests.Follow,
    answer=list[StreamVariant],
    example={"thread_id": _THREAD, "from": 2},
    shows=_STREAM,
    statuses=_NO_THREAD | _CROWDED,
    media="application/x-ndjson",
)
APPROVE = Definition(
    name="approve",
    summary="Decides on code that waits.",
    parameters=requests.Approve,
    answer=answers.Detail,
    example={"thread_id": _THREAD, "id": "vK7...", "decision": "deny", "reason": "use a copy"},
    shows={"detail": "Decided."},
    statuses={404: "Nothing waits under that id."},
    right=EXECUTE,
    changes_state=True,
    post_only=True,
    people_only=True,
)
TOOLRESULT = Definition(
    name="toolresult",
    summary="Takes what a page did in its notebook for the model.",
    text="A page claims a `request` hint first, and the first claim wins; what is claimed is done once.",
    parameters=requests.ToolResult,
    answer=answers.Detail,
    example={"thread_id": _THREAD, "id": "fP2...", "client": "page-1", "step": "claim"},
    shows={"detail": "Taken."},
    statuses={404: "Nobody waits for that id.", 409: "It was claimed already."},
    right=EXECUTE,
    changes_state=True,
    post_only=True,
    people_only=True,
)
STOP = Definition(
    name="stop",
    summary="Ends what a thread is doing.",
    text="What there is by then is kept. It is no error when nothing runs.",
    parameters=requests.OneThread,
    answer=answers.Detail,
    example={"thread_id": _THREAD},
    shows={"detail": "Conversation stopped."},
    statuses=_NO_THREAD,
    right=EXECUTE,
    changes_state=True,
)
UNDO = Definition(
    name="undo",
    summary="Takes back what a run changed among the variables.",
    parameters=requests.OneRun,
    answer=Undone,
    example={"thread_id": _THREAD, "id": "call_1"},
    shows={"restored": ["trend"], "not_restored": {"ds": "it was changed since"}, "cannot_vouch": {}},
    statuses={404: "No such thread of the caller's, or nothing to undo any more.", 409: "A cell runs in the kernel."},
    right=EXECUTE,
    changes_state=True,
    post_only=True,
    people_only=True,
)
OUTPUT = Definition(
    name="output",
    summary="Gives more of what a run printed than its CodeOutput holds.",
    parameters=requests.PageOfRun,
    answer=RestOfOutput,
    example={"thread_id": _THREAD, "id": "call_1", "from": 20000},
    shows={"text": "...", "next": 40000, "total": 40000},
    statuses={404: "No such thread of the caller's, or the text is not kept any more."},
)
RERUN = Definition(
    name="rerun",
    summary="Runs a thread's code again, as a stream.",
    text="One run at a time, up to the first that does not go through.",
    parameters=requests.Rerun,
    answer=list[StreamVariant],
    example={"thread_id": _THREAD, "kernel_id": _KERNEL},
    shows=_STREAM,
    statuses=_BUSY | _NO_THREAD | _BAD_CATALOGUE | _CROWDED,
    right=EXECUTE,
    changes_state=True,
    post_only=True,
    people_only=True,
    media="application/x-ndjson",
)
VARIABLES = Definition(
    name="variables",
    summary="Lists what a kernel holds.",
    text="Also while a cell runs there.",
    parameters=requests.OneKernel,
    answer=answers.KernelVariables,
    example={"kernel_id": _KERNEL},
    shows={"variables": [{"name": "temps", "type": "list"}], "stale": False, "total": 1, "busy": False},
    right=EXECUTE,
    changes_state=True,  # the first look lets our helper into the kernel
    post_only=True,
)
FILES = Definition(
    name="files",
    summary="Lists the files that a thread's code wrote into its own folder, or sends one.",
    parameters=requests.Files,
    answer=ScratchFiles,
    example={"thread_id": _THREAD},
    shows={"files": [{"path": "map.png", "size": 24310, "type": "image/png", "date": _DATE}], "complete": True},
    statuses={404: "No such thread of the caller's, or no such file."},
    sends_files=True,
)
GETTHREAD = Definition(
    name="getthread",
    summary="Gives a thread whole.",
    text="No Prompt, only a last StreamEnd, images and outputs uncut.",
    parameters=requests.GetThread,
    answer=list[StreamVariant],
    example={"thread_id": _THREAD},
    shows=[*_ITEMS, {"variant": "StreamEnd", "content": "Finished."}],
    statuses=_NO_THREAD,
)
GETUSERTHREADS = Definition(
    name="getuserthreads",
    summary="Lists the caller's threads, newest first.",
    text="A page of them and how many there are in all.",
    parameters=requests.Listing,
    answer=answers.Threads,
    example={"num_threads": 20, "page": 0},
    shows=[[_ENTRY], 1],
)
SEARCHTHREADS = Definition(
    name="searchthreads",
    summary="Finds threads by their topic or content, newest first.",
    text="A page of those found and how many were found in all.",
    parameters=requests.SearchThreads,
    answer=answers.Threads,
    example={"query": "code: temps"},
    shows=[[_ENTRY], 1],
)
SETTHREADTOPIC = Definition(
    name="setthreadtopic",
    summary="Gives a thread a topic.",
    parameters=requests.Rename,
    answer=answers.Detail,
    example={"thread_id": _THREAD, "topic": "Temperatures"},
    shows={"detail": "Topic set."},
    statuses=_NO_THREAD,
    right=WRITE,
    changes_state=True,
)
DELETETHREAD = Definition(
    name="deletethread",
    summary="Removes a thread for good.",
    text="What runs for it is stopped, its files go too.",
    parameters=requests.OneThread,
    answer=answers.Detail,
    example={"thread_id": _THREAD},
    shows={"detail": "Thread deleted."},
    statuses=_NO_THREAD,
    right=WRITE,
    changes_state=True,
)
DELETEALL = Definition(
    name="deleteall",
    summary="Removes all threads of the caller's for good, with their files.",
    text="What runs for them is stopped. A record of executed code that the site keeps is not touched.",
    parameters=requests.DeleteAll,
    answer=answers.Deleted,
    example={"confirm": "delete"},
    shows={"detail": "All your chats and their files are deleted.", "threads": 12},
    right=WRITE,
    changes_state=True,
    post_only=True,
    people_only=True,
)
DIAGNOSTICS = Definition(
    name="diagnostics",
    summary="Gives a bundle for who looks for a fault.",
    text="Versions, names of settings, counts and kinds of failures; nothing that anybody wrote, no address, no key.",
    parameters=requests.Nothing,
    answer=answers.Bundle,
    shows={
        "versions": {"jupyter-frevagpt": "0.1.0"},
        "system": "Linux x86_64",
        "settings": ["catalogue"],
        "counts": {"threads": 12, "models": 2},
        "failures": [{"kind": "ModelFailed", "part": "jupyter_frevagpt.turn", "date": "2026-11-22T16:49:37Z"}],
    },
)
RESOURCES = Definition(
    name="resources",
    summary="Lists the documents that questions are looked up in.",
    parameters=requests.Nothing,
    answer=answers.Resources,
    shows={
        "resources": [
            {
                "name": "my-notes",
                "title": "My notes",
                "standing": "own",
                "licence": "",
                "source": "",
                "passages": 214,
            }
        ],
        "means": {"way": "full text", "model": "", "host": ""},
        "own": True,
    },
    statuses=_BAD_CATALOGUE,
)
INDEXRESOURCES = Definition(
    name="indexresources",
    summary="Indexes a folder of the user's, telling how far it is.",
    text="Only what changed since is read. It ends with the connection; what is done by then stays.",
    parameters=requests.IndexResources,
    answer=list[Progress],
    example={"folder": "/home/alice/notes"},
    shows=[{"name": "notes", "done": 40, "total": 40, "passages": 214, "unread": 0, "finished": True, "problem": ""}],
    statuses=_BAD_CATALOGUE | _CROWDED,
    right=WRITE,
    changes_state=True,
    post_only=True,
    people_only=True,
    media="application/x-ndjson",
)
REMOVERESOURCE = Definition(
    name="removeresource",
    summary="Takes a folder of the user's out of the index.",
    text="The documents themselves are not touched.",
    parameters=requests.RemoveResource,
    answer=answers.Detail,
    example={"name": "notes"},
    shows={"detail": "The folder is out of the index. Its documents are as they were."},
    right=WRITE,
    changes_state=True,
    post_only=True,
    people_only=True,
)
EDITTHREAD = Definition(
    name="editthread",
    summary="Makes a new thread of all that stands before one of a thread's questions.",
    text="The thread itself stays as it is.",
    parameters=requests.EditThread,
    answer=answers.Forked,
    example={"source_thread_id": _THREAD, "user_index": 1},
    shows={"new_thread_id": _FORK, "history": _ITEMS},
    statuses=_NO_THREAD,
    right=WRITE,
    changes_state=True,
)
IMPORTTHREAD = Definition(
    name="importthread",
    summary="Makes a thread of a chat that was exported.",
    text="Its ids are new, and it counts as the caller's. Neither approvals nor what runs changed are taken over.",
    parameters=requests.ImportThread,
    answer=answers.Imported,
    example={"topic": "sum of temps", "content": _ITEMS},
    shows={"thread_id": _FORK, "topic": "sum of temps"},
    right=WRITE,
    changes_state=True,
    post_only=True,
)
USERFEEDBACK = Definition(
    name="userfeedback",
    summary="Keeps a user's opinion of an answer.",
    text="The item carries it as `feedback` in `getthread`. A POST may have its parameters in the query.",
    parameters=requests.Feedback,
    answer=answers.Detail,
    example={"thread_id": _THREAD, "feedback_index": 0, "feedback": "up"},
    shows={"detail": "Feedback saved."},
    statuses={404: "No such thread of the caller's, or no such item."},
    right=WRITE,
    changes_state=True,
)

DEFINITIONS: tuple[Definition[Any], ...] = (
    PING, HELP, DOCS, OPENAPI, HEALTH, AVAILABLECHATBOTS, SETTINGS, NEWTHREAD, STREAMRESPONSE, FOLLOW, STOP, APPROVE,
    TOOLRESULT, UNDO, OUTPUT, RERUN, VARIABLES, FILES, GETTHREAD, GETUSERTHREADS, SEARCHTHREADS, SETTHREADTOPIC,
    DELETETHREAD, EDITTHREAD, USERFEEDBACK, IMPORTTHREAD, DELETEALL, DIAGNOSTICS,
    RESOURCES, INDEXRESOURCES, REMOVERESOURCE,
)  # fmt: skip
