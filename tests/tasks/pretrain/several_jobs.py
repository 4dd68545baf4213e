"""As one rank of several, runs jobs one after the other in one process group: several_jobs.py JOB..."""

import sys
from pathlib import Path

import torch
import torch.distributed as dist

from tasks.pretrain import train
from tasks.pretrain.distributed import engine
from tasks.pretrain.job import Job

torch.set_num_threads(1)
device = engine.start("cpu")
for path in sys.argv[1:]:
    train.Trainer(Job.read(Path(path)), device).run()
dist.destroy_process_group()
