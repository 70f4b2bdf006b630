"""The tests mirror the rooms; journeys and browser tests go through the doors only."""
