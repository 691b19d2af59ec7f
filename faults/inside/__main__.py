import sys
from importlib import import_module

import django

django.setup()
import_module(sys.argv[1]).main(*sys.argv[2:])
