/* settings.h: the mlops.* configuration parameters. */
#ifndef MLOPS_SETTINGS_H
#define MLOPS_SETTINGS_H

extern bool mlops_progress;
extern int	mlops_threads;				/* 0 = from max_parallel_maintenance_workers */
extern int	mlops_max_training_memory;	/* kB; -1 = 4 × maintenance_work_mem */
extern int	mlops_max_model_size;		/* kB */
extern int	mlops_model_cache_size;		/* kB */

extern void mlops_settings_define(void);
/* Threads a training may use, at least 1. */
extern int	mlops_training_threads(void);
/* Bytes a training may hold. */
extern Size mlops_training_memory(void);

#endif
