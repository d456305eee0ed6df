"""Whether this thread is inside a unit of work, where no request may leave: the door to the network asserts it."""

from contextvars import ContextVar

inside_work: ContextVar[bool] = ContextVar("inside_work", default=False)
