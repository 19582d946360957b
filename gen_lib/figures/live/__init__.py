"""Figures in which a trained net runs: in the page itself, without a kernel."""

from .particles import flow_lab

__all__ = ["flow_lab"]
