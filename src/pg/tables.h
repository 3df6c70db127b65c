/*
 * tables.h: attribute numbers of the registry tables that C reads directly.
 *
 * Held equal to sql/parts/10_tables.sql by a regression test; columns are
 * only ever added at the end.
 */
#ifndef MLOPS_TABLES_H
#define MLOPS_TABLES_H

#define MLOPS_SCHEMA "mlops"

#define Anum_models_model_id 1
#define Anum_models_name 2
#define Anum_models_owner 3

#define Anum_model_grants_model_id 1
#define Anum_model_grants_grantee 2
#define Anum_model_grants_privilege 3

#define Anum_versions_version_id 1
#define Anum_versions_model_id 2
#define Anum_versions_version 3
#define Anum_versions_stage 4
#define Anum_versions_threshold 5
#define Anum_versions_risk_bands 6
#define Anum_versions_definition 12
#define Anum_versions_key 23
#define Anum_versions_created_at 28

#define Anum_version_blobs_version_id 1
#define Anum_version_blobs_content 2

#define Anum_version_aliases_model_id 1
#define Anum_version_aliases_alias 2
#define Anum_version_aliases_version_id 3

#endif
