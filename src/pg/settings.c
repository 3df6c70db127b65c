/*
 * settings.c: the mlops.* configuration parameters.
 *
 * Those that decide how much memory a session may take are superuser-set.
 */
#include "postgres.h"

#include <limits.h>

#include "miscadmin.h"
#include "optimizer/optimizer.h"
#include "utils/guc.h"

#include "pg/settings.h"

#define MAX_THREADS 256
#define MAX_MODEL_SIZE (900 * 1024)

bool		mlops_progress = true;
int			mlops_threads = 0;
int			mlops_max_training_memory = -1;
int			mlops_max_model_size = 256 * 1024;
int			mlops_model_cache_size = 256 * 1024;

void
mlops_settings_define(void)
{
	DefineCustomIntVariable("mlops.threads",
							"Threads used by one training.",
							"0 takes 1 + max_parallel_maintenance_workers.",
							&mlops_threads, 0, 0, MAX_THREADS,
							PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("mlops.max_training_memory",
							"Memory one training may hold.",
							"-1 takes 4 times maintenance_work_mem.",
							&mlops_max_training_memory, -1, -1, INT_MAX,
							PGC_SUSET, GUC_UNIT_KB, NULL, NULL, NULL);
	DefineCustomIntVariable("mlops.max_model_size",
							"Largest stored model.",
							NULL,
							&mlops_max_model_size, 256 * 1024, 64, MAX_MODEL_SIZE,
							PGC_SUSET, GUC_UNIT_KB, NULL, NULL, NULL);
	DefineCustomIntVariable("mlops.model_cache_size",
							"Memory for loaded models in each session.",
							"The least recently used models leave first; a model in use always stays.",
							&mlops_model_cache_size, 256 * 1024, 0, MAX_KILOBYTES,
							PGC_SUSET, GUC_UNIT_KB, NULL, NULL, NULL);
	DefineCustomBoolVariable("mlops.progress",
							 "Reports the progress of long functions about every 5 seconds.",
							 "pg_stat_activity shows each phase when it begins.",
							 &mlops_progress, true,
							 PGC_USERSET, 0, NULL, NULL, NULL);
	MarkGUCPrefixReserved("mlops");
}

int
mlops_training_threads(void)
{
	int			threads = mlops_threads;

	if (threads == 0)
		threads = 1 + max_parallel_maintenance_workers;
	return Max(1, Min(threads, MAX_THREADS));
}

Size
mlops_training_memory(void)
{
	if (mlops_max_training_memory < 0)
		return (Size) maintenance_work_mem * 4 * 1024;
	return (Size) mlops_max_training_memory * 1024;
}
