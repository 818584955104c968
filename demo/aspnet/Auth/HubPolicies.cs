namespace HubshareDemo.Auth;

/// <summary>Who may open which hub.</summary>
public static class HubPolicies
{
    public const string Admin = "Admin";
}
