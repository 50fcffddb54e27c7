"""Bad input: what it is drawn from, who reads it, and what became of it."""

from fuzzing.commands import Commands
from fuzzing.films import Films
from fuzzing.packed import Archives
from fuzzing.pictures import Pictures
from fuzzing.runs import Runs
from fuzzing.settings import Settings
from fuzzing.stores import Stores
from fuzzing.trees import Trees

# By name; and how many of a hundred thousand cases are of each: by what a case costs, and by how
# much there is to get wrong.
KINDS = {
    "png": Pictures,
    "archive": Archives,
    "video": Films,
    "config": Settings,
    "checkpoint": Runs,
    "tree": Trees,
    "store": Stores,
    "command": Commands,
}
SHARES = {
    "png": 36_000,
    "archive": 26_000,
    "video": 8_000,
    "config": 8_000,
    "checkpoint": 6_000,
    "tree": 6_000,
    "store": 9_700,
    "command": 300,
}
