"""Work on several GPUs and machines: a Ray cluster, its workers, and a `Fabric` over them.

connection   join a Ray cluster, or start one; how many devices it has
pool         workers that stay; what lost ones were at is done by others
distributed  DistributedFabric: the pictures of a round, shared out
hires        the same for pictures to be enlarged
crew         its workers: started, sent calls, listened to
worker       the process that holds a pipeline and runs what it is sent
shares       which worker makes which pictures; their steps counted as those of one round
wire         calls and results as bytes; pictures are sent once and then named
held         which pictures a worker holds, and which it may forget
"""

from fabric_widget.cluster.connection import NoWorkers, check_installed
from fabric_widget.cluster.distributed import DistributedFabric
from fabric_widget.cluster.hires import DistributedHiRes

__all__ = ["DistributedFabric", "DistributedHiRes", "NoWorkers", "check_installed"]
