import subprocess
import sys
from typing import get_args

import pytest

from search.budget import Budget
from search.settings import SearchSettings
from search.strategies import STRATEGIES, StrategyName, select
from tests.search.problems import choice, problem


@pytest.mark.parametrize("name", get_args(StrategyName))
def test_every_strategy_answers_through_the_one_signature(name: StrategyName) -> None:
    of = problem((choice("small", 1, 0.5, drop=1.0), choice("large", 9, 0.0)))
    answer = select(name, of, Budget(parameters=5), SearchSettings(trials=5))
    assert answer.selection.choices == ("small",)


def test_the_table_holds_every_name() -> None:
    assert set(STRATEGIES) == set(get_args(StrategyName))


def test_knowing_the_strategies_loads_neither_optuna_nor_numpy() -> None:
    code = (
        "import sys, search.strategies\n"
        "assert not {'optuna', 'numpy', 'torch'} & sys.modules.keys(), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
