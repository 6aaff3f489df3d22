"""The tables. Rows never leave the repositories; times are UTC."""

from service.tables.base import Base, Identified, Moment, Prepared
from service.tables.devices import DeviceRow, LatencyTableRow, StudentLatencyRow
from service.tables.makings import CandidateRow, DatasetRow, LibraryRow, OmissionRow, TeacherRow
from service.tables.searches import SearchRow, SearchTrialRow, SurveyRow, SurveyStudentRow
from service.tables.students import MeasurementRow, RefinementRow, StudentRow, TrialRow
from service.tables.work import JobRow, UnitRow

__all__ = [
    "Base",
    "CandidateRow",
    "DatasetRow",
    "DeviceRow",
    "Identified",
    "JobRow",
    "LatencyTableRow",
    "LibraryRow",
    "MeasurementRow",
    "Moment",
    "OmissionRow",
    "Prepared",
    "RefinementRow",
    "SearchRow",
    "SearchTrialRow",
    "StudentLatencyRow",
    "StudentRow",
    "SurveyRow",
    "SurveyStudentRow",
    "TeacherRow",
    "TrialRow",
    "UnitRow",
]
